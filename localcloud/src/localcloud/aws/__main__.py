"""`python -m localcloud.aws`: the process of every AWS service but Athena and Redshift."""

import sys

from localcloud.aws.server import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
