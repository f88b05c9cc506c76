/** The arguments of a dynamic resource as a program may give them: any part of them an output. */
import type * as pulumi from '@pulumi/pulumi';

type Deep<T> = pulumi.Input<T extends object ? { [K in keyof T]: Deep<T[K]> } : T>;

export type InputsOf<T> = { [K in keyof T]: Deep<T[K]> };
