"""python -m formclip.peers"""

import sys

from formclip.peers.compare import main

sys.exit(main())
