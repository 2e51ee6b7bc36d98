"""What a person opens: the headline numbers and the report page."""
