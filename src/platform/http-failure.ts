// Of the certificate and the protocol, which come before the request; other failures of TLS may come with the answer.
const TLS =
  /^(CERT_|ERR_TLS_CERT_|ERR_SSL_WRONG_VERSION_NUMBER|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_)/;

/** Whether a code of a failure says that the other side could not show who it is. */
export const isTlsFailure = (code: string): boolean => TLS.test(code);

/** What a failure of fetch means: its code, and whether it was before anything was sent. */
export function readHttpFailure(error: unknown): { code: string; unsent: boolean; reason: string } {
  const { cause, message, name } = error as Error & {
    cause?: NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] };
  };
  const causes = cause?.errors ?? (cause ? [cause] : []);
  const code = cause?.code ?? causes[0]?.code ?? '';
  return {
    code: code || name,
    unsent: causes.length > 0 && causes.every(isBeforeSending),
    reason: code || message,
  };
}

const isBeforeSending = ({ syscall, code = '' }: NodeJS.ErrnoException) =>
  syscall === 'connect' ||
  syscall === 'getaddrinfo' ||
  code === 'UND_ERR_CONNECT_TIMEOUT' ||
  isTlsFailure(code);
