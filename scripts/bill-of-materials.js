import { readdir, readFile } from 'node:fs/promises';

/**
 * The packages whose code is in bundles, and those beside them, by name, with what the lock file knows of them: `path`, `name`,
 * `version`, `license`, `integrity`; `beside` says that a package is not in the bundle.
 */
export async function packagesIn(metafiles, beside) {
  const { packages: locked } = JSON.parse(await readFile('npm-shrinkwrap.json', 'utf8'));
  const outputs = metafiles.flatMap((metafile) => Object.values(metafile.outputs));
  const inputs = outputs.flatMap((output) => Object.keys(output.inputs));
  // From the first such folder on: this one's own may be a link to elsewhere.
  const bundled = inputs.flatMap(
    (path) => /\bnode_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  );
  const found = (path) => ({ path, name: path.replace(/^.*\bnode_modules\//, ''), ...locked[path] });
  return [
    ...[...new Set(bundled)].map(found),
    ...beside.map((name) => ({ ...found(`node_modules/${name}`), beside: true })),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The licences of the packages in the bundle, which most of them require to accompany copies. */
export async function licenceTexts(packages) {
  const sections = packages
    .filter(({ beside }) => !beside)
    .map(
      async ({ path, name, version, license }) =>
        `${name} ${version} (${license})\n\n${await licenceIn(path)}\n${await noticesOf(name)}`,
    );
  return `The code of these packages is in dist/.\n\n${(await Promise.all(sections)).join(`\n${'-'.repeat(72)}\n\n`)}`;
}

/** The notices of what a package contains, where it lacks them. */
async function noticesOf(name) {
  const text = await readFile(new URL(`notices/${name}.txt`, import.meta.url), 'utf8').catch(() => '');
  return text === '' ? '' : `\n${text}`;
}

/** The text of a package's file, else of the section of its README. */
async function licenceIn(path) {
  const names = await readdir(path);
  const file = names.find((name) => /^(licen[cs]e|copying)/i.test(name));
  if (file !== undefined) return (await readFile(`${path}/${file}`, 'utf8')).trim();
  const readme = await readFile(`${path}/${names.find((name) => /^readme/i.test(name))}`, 'utf8');
  const section = /^#+ *licen[cs]e\b[^\n]*\n([\s\S]+)/im.exec(readme)?.[1];
  if (section === undefined) throw new Error(`${path} has no text of its licence`);
  return section.trim();
}

const purl = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`;

/** A bill of materials in the form of CycloneDX 1.5; the same for the same commit. */
export function sbom({ name, version, description }, { time, text }, packages) {
  const described = { name, version, 'bom-ref': purl(name, version), purl: purl(name, version) };
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      ...(time && { timestamp: time }),
      component: {
        type: 'application',
        ...described,
        description,
        properties: [{ name: 'commit', value: text }],
      },
    },
    components: packages.map((one) => ({
      type: 'library',
      name: one.name,
      version: one.version,
      'bom-ref': purl(one.name, one.version),
      purl: purl(one.name, one.version),
      scope: one.beside ? 'optional' : 'required',
      licenses: [{ license: { id: one.license } }],
      hashes: [{ alg: 'SHA-512', content: Buffer.from(one.integrity.slice(7), 'base64').toString('hex') }],
    })),
  };
}
