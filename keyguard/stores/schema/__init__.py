"""Migrations, run by `keyguard.stores.database` through Alembic."""
