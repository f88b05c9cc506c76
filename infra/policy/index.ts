/** The CrossGuard pack: `pulumi preview --policy-pack infra/policy`. It shares no code with the program that it checks. */
import { PolicyPack } from '@pulumi/policy';
import { policies } from './policies.ts';

new PolicyPack('evenkeel', { policies, enforcementLevel: 'mandatory' });
