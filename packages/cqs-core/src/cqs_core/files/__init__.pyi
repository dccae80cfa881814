from .arrow import parquet_table as parquet_table
from .arrow import stream_of as stream_of
from .plaintext import one_line as one_line
from .plaintext import safe as safe
from .spreadsheet import to_csv as to_csv
