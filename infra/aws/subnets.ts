/** Arithmetic of IPv4 ranges: a VPC of /16 to /24 in sixteen equal parts. */

/** Which of the sixteen parts each kind of subnet takes, by zone. */
const FIRST_PART = { public: 0, isolated: 4, private: 8 } as const;
const PARTS_BITS = 4;

/** Range of the subnet of a kind in a zone (0, 1, 2): `10.40.0.0/16`, isolated, 1 → `10.40.80.0/20`. */
export function subnetRange(vpc: string, kind: keyof typeof FIRST_PART, zone: number): string {
  const [address = '', length = ''] = vpc.split('/');
  const prefix = Number(length) + PARTS_BITS;
  const base = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const start = base + (FIRST_PART[kind] + zone) * 2 ** (32 - prefix);
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
  return `${octets.join('.')}/${prefix}`;
}
