"""Start testlsp with the arguments given; ``--libs DIR`` first takes it from there instead of the interpreter.

Run as ``python -I start.py [--libs DIR] server``: isolated, so that neither the working folder nor PYTHONPATH can put
another module in the place of one of ours.
"""

import sys

if __name__ == "__main__":
    if sys.argv[1:2] == ["--libs"]:
        sys.path.insert(0, sys.argv[2])
        del sys.argv[1:3]
    from testlsp.cli import main

    sys.exit(main())
