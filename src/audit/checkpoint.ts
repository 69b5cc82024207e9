import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { readSecretFile } from '../platform/files/secret-file.ts';
import { Failure, usage } from '../util/failure.ts';
import { readInput } from '../util/file.ts';
import { FileProblem } from '../util/file-problem.ts';
import { parseJson } from '../util/json.ts';
import { canonicalJson } from './canonical-json.ts';

/** How far the chain reached. */
export interface Checkpoint {
  seq: string;
  audit_id: string;
  hash: string;
  /** RFC 3339. */
  at: string;
  cluster: string;
}

/** A checkpoint as stored in the database and in the anchor file. `body` is the signed text, byte for byte. */
export interface Signed {
  body: string;
  key_id: string;
  /** base64 */
  signature: string;
}

export function signCheckpoint(key: KeyObject, checkpoint: Checkpoint): Signed {
  const body = canonicalJson(checkpoint);
  return {
    body,
    key_id: keyIdOf(createPublicKey(key)),
    signature: sign(null, Buffer.from(body), key).toString('base64'),
  };
}

/** What is wrong with a signature under the trusted public keys; undefined if it is valid. */
export function signatureProblem(
  { body, key_id, signature }: Signed,
  keys: ReadonlyMap<string, KeyObject>,
): string | undefined {
  const key = keys.get(key_id);
  if (!key) return `it is signed with key ${key_id}, which is not among the public keys given`;
  return verify(null, Buffer.from(body), key, Buffer.from(signature, 'base64'))
    ? undefined
    : 'its signature is not that of its key';
}

/** Parses a signed body; undefined if it is malformed. */
export function readCheckpoint({ body }: Signed): Checkpoint | undefined {
  try {
    const { seq, audit_id, hash, at, cluster } = parseJson(body) as Checkpoint;
    const texts = [seq, audit_id, hash, at, cluster];
    const whole = texts.every((text) => typeof text === 'string') && /^\d{1,18}$/.test(seq);
    return whole ? { seq, audit_id, hash, at, cluster } : undefined;
  } catch {
    return undefined;
  }
}

/** The Ed25519 key in a PEM file. Throws SECRET_FILE_UNSAFE (exit 11), SIGNING_KEY_INVALID (exit 78). */
export async function loadSigningKey(path: string, uid: number | undefined): Promise<KeyObject> {
  const pem = await readSecretFile(path, uid, 'The signing key');
  if (!pem)
    throw invalidKey(
      `There is no signing key ${path}.`,
      `Make one: openssl genpkey -algorithm ed25519 -out ${path}`,
    );
  const key = parsed(() => createPrivateKey(pem));
  if (key?.asymmetricKeyType !== 'ed25519')
    throw invalidKey(
      `${path} holds no Ed25519 private key in PEM.`,
      'See: openssl genpkey -algorithm ed25519',
    );
  return key;
}

/** The Ed25519 public keys in a PEM file, by their id; it may hold replaced keys, too. */
export async function loadPublicKeys(path: string): Promise<Map<string, KeyObject>> {
  const { bytes } = await readInput(path, 65_536).catch((error) => {
    throw error instanceof FileProblem ? usage(`The public key ${path} ${error.why}.`) : error;
  });
  const blocks =
    bytes.toString('utf8').match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  const keys = blocks
    .map((pem) => parsed(() => createPublicKey(pem)))
    .filter((key) => key !== undefined && key.asymmetricKeyType === 'ed25519') as KeyObject[];
  if (keys.length === 0 || keys.length < blocks.length)
    throw usage(
      `${path} must hold Ed25519 public keys in PEM.`,
      'See: openssl pkey -in KEY.pem -pubout -out PUBLIC.pem',
    );
  return keyMap(keys);
}

export function keyMap(keys: readonly KeyObject[]): Map<string, KeyObject> {
  return new Map(keys.map((key) => [keyIdOf(key), key]));
}

function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
}

function parsed(make: () => KeyObject): KeyObject | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

const invalidKey = (message: string, hint: string) =>
  new Failure('config', 'SIGNING_KEY_INVALID', message, { hint });
