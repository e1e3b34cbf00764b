// node compile.mjs PYODIDE FOLDER…: compile each .py to a .pyc beside it, by Pyodide's own Python.

const [pyodide, ...folders] = process.argv.slice(2);
const { loadPyodide } = await import(`${pyodide}/pyodide.mjs`);
const python = await loadPyodide({ indexURL: pyodide });
for (const [number, folder] of folders.entries()) {
  const mount = `/folders/${number}`;
  python.FS.mkdirTree(mount);
  python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, mount);
}
// The names that files get in tracebacks are those they will have in the tab. Unchecked: nobody
// changes a source there. Quiet: some packages have files for other Pythons.
python.runPython(`
import compileall, pathlib, py_compile
for folder in pathlib.Path("/folders").iterdir():
    library = (folder / "asyncio").exists()
    compileall.compile_dir(
        folder, quiet=2, legacy=True, force=True, stripdir=str(folder),
        prependdir="/lib/python314.zip" if library else "/lib/python3.14/site-packages",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
`);
