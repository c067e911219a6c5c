"""``manage.py verify_audit``: says whether the audit's chain holds; exit status 1 when it does not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.audit.selectors import verify_chain


class Command(BaseCommand):
    help = "Verifies the audit's hash chain from its first entry to its head."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--expect-head", default="", help="a head printed earlier, which must still be in the chain"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = verify_chain(expected_head=options["expect_head"])
        if verdict.fault:
            raise CommandError(f"Entry {verdict.number}: {verdict.fault}.")
        self.stdout.write(f"{verdict.entries} entries, head {verdict.head}")
