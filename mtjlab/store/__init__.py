"""One HDF5 run file per run; the only room that knows h5py.

    writer = RunWriter.create(runs_dir, header, streams)
    writer.append("step", rows)
    writer.commit(done=1, total=10, bench_time_s=0.5)
    writer.finish("finished", error=None, results={}, bench_time_s=5.0, wall_time_s=1.0)

    with RunReader.open(find_run(runs_dir, "latest")) as run:
        run.status, run.header.protocol, run.stream("step")

`data/README.md` describes the file for those who open it without mtjlab.
"""

from mtjlab.store.annotations import Annotations, add_note, set_tag
from mtjlab.store.catalogue import Catalogue
from mtjlab.store.compare import Comparison, compare
from mtjlab.store.entry import Entry
from mtjlab.store.folder import check_runs_dir, find_run, run_files
from mtjlab.store.frames import columns, to_pandas, to_xarray
from mtjlab.store.log_lines import LogLine
from mtjlab.store.other_formats import FORMATS, export
from mtjlab.store.query import Query, cell
from mtjlab.store.query_text import narrowed, query_of, text_of
from mtjlab.store.reader import RunReader
from mtjlab.store.repair import repair
from mtjlab.store.schema import Ending, RunHeader, Status
from mtjlab.store.writer import RunWriter

__all__ = [
    "FORMATS",
    "Annotations",
    "Catalogue",
    "Comparison",
    "Ending",
    "Entry",
    "LogLine",
    "Query",
    "RunHeader",
    "RunReader",
    "RunWriter",
    "Status",
    "add_note",
    "cell",
    "check_runs_dir",
    "columns",
    "compare",
    "export",
    "find_run",
    "narrowed",
    "query_of",
    "repair",
    "run_files",
    "set_tag",
    "text_of",
    "to_pandas",
    "to_xarray",
]
