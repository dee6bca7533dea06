"""`python -m showtell` is `showtell`."""

from showtell.cli.main import main

main()
