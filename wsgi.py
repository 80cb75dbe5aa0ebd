"""Front door: settings in, app out. `gunicorn wsgi:app`, `flask --app wsgi …`."""

from __future__ import annotations

import os
import sys

from app.factory import create_app
from config.settings import SettingsError, load

try:
    app = create_app(load(os.environ))
except SettingsError as error:
    # One sentence per bad value instead of a traceback of the server that tried to import us.
    sys.exit(str(error))
