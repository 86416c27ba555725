"""What PostgreSQL needs: its types, its errors, COPY."""
