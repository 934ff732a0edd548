"""The whole corpus: importing the modules registers their cases."""

import corpus_archives
import corpus_dialects
import corpus_disguise
import corpus_documents
import corpus_encodings
import corpus_gzip
import corpus_headers
import corpus_lines
import corpus_manifest
import corpus_openpgp
import corpus_parquet
import corpus_paths
import corpus_quoting
import corpus_values
from hostile_package import CORPUS

MODULES = (
    corpus_encodings,
    corpus_lines,
    corpus_quoting,
    corpus_headers,
    corpus_values,
    corpus_gzip,
    corpus_parquet,
    corpus_disguise,
    corpus_documents,
    corpus_dialects,
    corpus_archives,
    corpus_openpgp,
    corpus_manifest,
    corpus_paths,
)

__all__ = ["CORPUS", "MODULES"]
