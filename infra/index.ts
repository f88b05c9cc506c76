/** Entry point of `pulumi preview` and `pulumi up`. Pulumi calls what is exported; what it returns are the outputs. */
export { program as default } from './program.ts';
