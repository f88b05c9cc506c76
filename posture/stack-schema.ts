/** JSON schema of a whole `Pulumi.<stack>.yaml`, so that editors complete and check the posture where it is written. */
import { jsonSchema } from './resolve.ts';

/** Draft 7, which every YAML language server understands. */
export function stackSchema(): object {
  const { $schema, ...posture } = jsonSchema('draft-7');
  return {
    $schema,
    title: 'Configuration of an Evenkeel stack',
    type: 'object',
    properties: {
      config: {
        type: 'object',
        properties: {
          'aws:region': { type: 'string', description: 'AWS region of the stack, such as "eu-central-1".' },
          'evenkeel:target': {
            enum: ['aws', 'docker'],
            description: 'Where the stack is deployed: Amazon Web Services, or Docker on this machine.',
          },
          'evenkeel:posture': posture,
        },
        additionalProperties: true,
      },
    },
    additionalProperties: true,
  };
}

/** The schema as it is kept in `posture.schema.json`. */
export const stackSchemaText = (): string => `${JSON.stringify(stackSchema(), null, 2)}\n`;
