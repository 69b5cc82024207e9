/** The first bytes of a stream; `cut` where there are more than `most`, of which the rest is not read. */
export async function readBounded(
  stream: AsyncIterable<Uint8Array> | null,
  most: number,
): Promise<{ bytes: Buffer; cut: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > most) break;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, most), cut: size > most };
}
