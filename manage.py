#!/usr/bin/env python
"""Runs Handrail's commands, each as its own database role, with our own engines held up meanwhile."""

import os
import sys

# The role a command runs as, where it is not `web`. Only migrations run as the tables' owner.
ROLE_OF_COMMAND = {
    "bootstrap": "owner",
    "migrate": "owner",
    "reindex_articles": "worker",
    "sweep_untriaged": "worker",
    "evaluate": "eval",
    "bench": "eval",
}
# These touch no database, or hold the engines up themselves.
WITHOUT_ENGINES = {"start", "makemigrations", "collectstatic", "help", "version", "--help", "--version", "test"}


def main() -> None:
    """Run one command; a mistake in the configuration ends in one clear line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    os.environ.setdefault("HANDRAIL_DB_ROLE", ROLE_OF_COMMAND.get(command, "web"))

    from django.core.management import execute_from_command_line

    from portal.embedded import running
    from portal.environment import ConfigurationError

    try:
        if command in WITHOUT_ENGINES:
            execute_from_command_line(sys.argv)
        else:
            with running():
                execute_from_command_line(sys.argv)
    except ConfigurationError as error:
        sys.exit(f"handrail: {error}")
    except KeyboardInterrupt:  # what was under way is taken up again at the next start
        sys.exit("handrail: stopped.")


if __name__ == "__main__":
    main()
