from django.db import migrations

from apps.common.append_only import protect


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [protect("audit_auditentry")]
