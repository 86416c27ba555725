"""What came out of a port: a page of it, all of it as a file, what is in its columns.

`pages`      a page of rows as JSON
`downloads`  the table as GeoJSON, CSV, Parquet or an Arrow stream, in pieces
`profiles`   what is in each column (`shapes`: of geometry)
`selection`  which rows, in which order
`as_json`    how each type is written in JSON
`sessions`   the stored file, open for reading
"""

from orchestrator.preview.downloads import MEDIA_TYPES, download
from orchestrator.preview.pages import Page, page
from orchestrator.preview.profiles import Profile, profile

__all__ = ["MEDIA_TYPES", "Page", "Profile", "download", "page", "profile"]
