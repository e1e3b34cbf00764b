// node node.mjs PYODIDE WHEELS WSLAB TESTS: run pytest on a folder of tests inside Pyodide.
import { readFileSync, readdirSync } from "node:fs";

const [pyodide, wheels, wslab, tests] = process.argv.slice(2);
const { loadPyodide } = await import(`${pyodide}/pyodide.mjs`);
const python = await loadPyodide({ indexURL: pyodide });
python.FS.mkdirTree("/site");
const NEEDED = /^(websockets|platformdirs|pytest|pluggy|iniconfig|packaging|pygments|msgspec)-/;
for (const name of readdirSync(wheels))
  if (NEEDED.test(name))
    python.unpackArchive(new Uint8Array(readFileSync(`${wheels}/${name}`)), "wheel", { extractDir: "/site" });
for (const [folder, mount] of [[wslab, "/site/wslab"], [tests, "/tests"]]) {
  python.FS.mkdirTree(mount);
  python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, mount);
}
const status = await python.runPythonAsync(`
import sys
sys.path.insert(0, "/site")
sys.dont_write_bytecode = True
import wslab
import pytest
int(pytest.main(["/tests", "-q", *sys.argv[1:], "-p", "no:cacheprovider", "-p", "no:faulthandler", "--tb=short"]))
`);
process.exit(status);
