"""The frozen types that plan, training and records share."""
