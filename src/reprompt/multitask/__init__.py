"""MVLPT: what is shared between tasks, and which tasks are tuned together. Shen et al., WACV 2024, arXiv:2211.11720."""
