/** What each value of the configuration must look like, and the command that sets it. */
import type { Key } from './keys.ts';

interface Rule {
  accepts: { test(value: string): boolean };
  wanted: string;
  command: string;
}

/** As the tasks take them: a worker that is given another form ends at once. */
const CRYPTO_PAY_TOKEN = /^\d+:[A-Za-z0-9]{10,}$/;
const IPN_SECRET = /^\S{8,}$/;

/**
 * Over the network of others: encrypted, and to the very server that was meant. A password that ends too soon, at a "?" or
 * "#" of its own, would leave an address that cannot be read, and the error of whoever tries shows all of it.
 */
const ADDRESS =
  /^postgres(ql)?:\/\/([^\s:@/?#%]|%[0-9a-f]{2})+:([^\s:@/?#%]|%[0-9a-f]{2})+@[a-z0-9.-]+(:\d{1,5})?\/[\w-]+\?(\S*&)?sslmode=verify-full(&\S*)?$/i;

/** Checked on the plain value, whose text is never shown where it is a secret. */
export const RULES = {
  botToken: {
    accepts: /^\d{3,}:[A-Za-z0-9_-]{20,}$/,
    wanted: 'a bot token, such as "123456789:AA…", from @BotFather',
    command: 'pulumi config set --secret evenkeel:botToken <token>',
  },
  oncallBotToken: {
    accepts: /^\d{3,}:[A-Za-z0-9_-]{20,}$/,
    wanted: 'the token of another bot than the one that is deployed, from @BotFather',
    command: 'pulumi config set --secret evenkeel:oncallBotToken <token>',
  },
  webhookSecret: {
    accepts: /^[A-Za-z0-9_-]{16,256}$/,
    wanted: '16 to 256 characters of A-Z a-z 0-9 _ -',
    command: 'pulumi config set --secret evenkeel:webhookSecret <secret>, or pulumi config rm evenkeel:webhookSecret',
  },
  webhookSecretPrevious: {
    accepts: /^[A-Za-z0-9_-]{1,256}$/,
    wanted: 'the webhook secret that Telegram still sends, 1 to 256 characters of A-Z a-z 0-9 _ -',
    command:
      'pulumi config set --secret evenkeel:webhookSecretPrevious <secret>, or pulumi config rm evenkeel:webhookSecretPrevious',
  },
  operatorToken: {
    accepts: /^[\x21-\x7e]{16,256}$/,
    wanted: '16 to 256 printable characters without spaces',
    command: 'pulumi config set --secret evenkeel:operatorToken <token>, or pulumi config rm evenkeel:operatorToken',
  },
  openrouterApiKey: {
    accepts: /^\S{8,}$/,
    wanted: 'an API key of the AI provider',
    command: 'pulumi config set --secret evenkeel:openrouterApiKey <key>',
  },
  accessApiKey: {
    accepts: /^\S{8,}$/,
    wanted: 'the key of your access provider, 8 characters or more without spaces',
    command: 'pulumi config set --secret evenkeel:accessApiKey <key>',
  },
  novitaApiKey: {
    accepts: /^\S{8,}$/,
    wanted: 'the API key of Novita, 8 characters or more without spaces',
    command: 'pulumi config set --secret evenkeel:novitaApiKey <key>',
  },
  cryptoPayToken: {
    accepts: CRYPTO_PAY_TOKEN,
    wanted: 'the token of an app of Crypto Pay, such as "12345:AA…", from @CryptoBot',
    command: 'pulumi config set --secret evenkeel:cryptoPayToken <token>',
  },
  cryptoPayTokenPrevious: {
    accepts: CRYPTO_PAY_TOKEN,
    wanted: 'the token of Crypto Pay before, such as "12345:AA…"',
    command:
      'pulumi config set --secret evenkeel:cryptoPayTokenPrevious <token>, or pulumi config rm evenkeel:cryptoPayTokenPrevious',
  },
  nowPaymentsApiKey: {
    accepts: /^[A-Za-z0-9-]{8,}$/,
    wanted: 'the API key of the dashboard of NOWPayments, letters, digits and hyphens',
    command: 'pulumi config set --secret evenkeel:nowPaymentsApiKey <key>',
  },
  nowPaymentsIpnSecret: {
    accepts: IPN_SECRET,
    wanted: 'the IPN secret of the dashboard of NOWPayments, 8 characters or more without spaces',
    command: 'pulumi config set --secret evenkeel:nowPaymentsIpnSecret <secret>',
  },
  nowPaymentsIpnSecretPrevious: {
    accepts: IPN_SECRET,
    wanted: 'the IPN secret before, 8 characters or more without spaces',
    command:
      'pulumi config set --secret evenkeel:nowPaymentsIpnSecretPrevious <secret>, or pulumi config rm evenkeel:nowPaymentsIpnSecretPrevious',
  },
  heartbeatUrl: {
    accepts: /^https:\/\/[^\s/]+\.[^\s/]+(\/\S*)?$/,
    wanted: 'the address that a service outside of AWS wants to be called at, "https://…"',
    command: 'pulumi config set --secret evenkeel:heartbeatUrl <address>, or pulumi config rm evenkeel:heartbeatUrl',
  },
  databaseUrl: {
    accepts: { test: (value) => ADDRESS.test(value) && URL.canParse(value) },
    wanted:
      'the address of PostgreSQL itself, of a login that may create roles: "postgres://admin:password@host:5432/database?sslmode=verify-full", a special character of the password written as %25',
    command: 'pulumi config set --secret evenkeel:databaseUrl <address>',
  },
  imageDigest: {
    accepts: /^sha256:[0-9a-f]{64}$/,
    wanted: 'the digest of a pushed image, "sha256:" and 64 hexadecimal digits',
    command:
      'pulumi config set evenkeel:imageDigest sha256:…, or pulumi config rm evenkeel:imageDigest to build it here',
  },
  permissionsBoundary: {
    accepts: /^arn:aws[a-z-]*:iam::(\d{12}|aws):policy\/[\w+=,.@/-]+$/,
    wanted: 'the ARN of a managed policy, "arn:aws:iam::123456789012:policy/…"',
    command: 'pulumi config set evenkeel:permissionsBoundary <arn>, or pulumi config rm evenkeel:permissionsBoundary',
  },
  kmsKey: {
    accepts: /^arn:aws:kms:[a-z0-9-]+:\d{12}:key\/(mrk-)?[0-9a-f-]{32,36}$/,
    wanted: 'the ARN of a key, no alias: "arn:aws:kms:eu-central-1:123456789012:key/…"',
    command: 'pulumi config set evenkeel:kmsKey <arn>, or pulumi config rm evenkeel:kmsKey',
  },
  majorUpgrade: {
    accepts: /^\d{2}$/,
    wanted: 'the major version that database.version names, such as "18"',
    command: 'pulumi config set evenkeel:majorUpgrade 18, or pulumi config rm evenkeel:majorUpgrade',
  },
  telegramApiRoot: {
    // The token is part of every path: in the clear only inside one's own network, or on this machine.
    accepts:
      /^(https:\/\/[^\s/]+|http:\/\/(10\.\d+\.\d+\.\d+|172\.(1[6-9]|2\d|3[01])\.\d+\.\d+|192\.168\.\d+\.\d+|127\.0\.0\.1|[a-z0-9.-]+\.internal)(:\d+)?)$/,
    wanted: 'an address without a path, such as "https://api.telegram.org"; http only for a private address',
    command: 'pulumi config set evenkeel:telegramApiRoot <address>',
  },
} satisfies Partial<Record<Key, Rule>>;
