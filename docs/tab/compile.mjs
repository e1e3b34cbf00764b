// node compile.mjs PYODIDE LIBRARY SITE… -- OWN…: compile .py files to .pyc files beside them, by
// Pyodide's own Python. LIBRARY is the standard library and SITE are packages, of which those files
// are compiled that the kernel and the course import; of OWN, all.

const [pyodide, library, ...rest] = process.argv.slice(2);
const middle = rest.indexOf("--");
const [site, own] = [rest.slice(0, middle), rest.slice(middle + 1)];
const { loadPyodide } = await import(`${pyodide}/pyodide.mjs`);
const python = await loadPyodide({ indexURL: pyodide });

function mount(folder, number, kind) {
  const path = `/folders/${kind}${number}`;
  python.FS.mkdirTree(path);
  python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, path);
  return path;
}

python.globals.set("library", library ? mount(library, 0, "library") : "");
python.globals.set("site", python.toPy(site.map((folder, n) => mount(folder, n, "site"))));
python.globals.set("own", python.toPy(own.map((folder, n) => mount(folder, n, "own"))));

await python.runPythonAsync(`
import importlib
import pathlib
import py_compile
import sys

IMPORTED = """
    pyodide_kernel IPython.core.display stack_data micropip piplite.piplite comm anywidget
    websockets.asyncio.client websockets.asyncio.server websockets.sync.client
    websockets.sync.server platformdirs tqdm.auto
    _threading_local ast concurrent.futures.thread contextlib ctypes dataclasses difflib html inspect
    itertools json logging queue random secrets selectors signal statistics struct subprocess tempfile
    textwrap threading timeit traceback types typing urllib.request uuid weakref zlib
""".split()
ZIP = "/lib/python314.zip/"
PACKAGES = "/lib/python3.14/site-packages"

files = [(path, folder) for folder in own for path in pathlib.Path(folder).rglob("*.py")]
if library:
    sys.path[:0] = site
    for name in IMPORTED:
        importlib.import_module(name)
    found = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    names = sorted({name for name in found if name and name.endswith(".py")})
    for name in names:
        if name.startswith(ZIP):
            files.append((pathlib.Path(library, name.removeprefix(ZIP)), library))
        folder = next((folder for folder in site if name.startswith(f"{folder}/")), None)
        if folder:
            files.append((pathlib.Path(name), folder))
# The names that files get in tracebacks are those they will have in the tab. Unchecked: nobody
# changes a source there.
for path, folder in files:
    below = path.relative_to(folder)
    py_compile.compile(
        str(path), cfile=str(path.with_suffix(".pyc")), quiet=2,
        dfile=f"{ZIP}{below}" if folder == library else f"{PACKAGES}/{below}",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
`);
process.exit(0);
