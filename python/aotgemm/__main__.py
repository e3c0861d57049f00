"""python -m aotgemm"""

from .cli import main

raise SystemExit(main())
