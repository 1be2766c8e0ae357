"""``python -m dicomvtk``."""

from dicomvtk.cli import main

if __name__ == "__main__":
    main()
