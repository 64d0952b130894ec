"""python -m formclip.lab.peers"""

import sys

from formclip.lab.peers.compare import main

sys.exit(main())
