/**
 * The task that people start by `npm run ops`: what it needs beside its definition stands on the definition, as labels of
 * its container. So the name of the stack is enough to start one, without the state and whoever keeps it.
 */
export const OPS_LABELS = {
  subnets: 'evenkeel.subnets',
  securityGroup: 'evenkeel.security-group',
  publicIp: 'evenkeel.public-ip',
} as const;
