"""What the UI shows of a publication."""

from dataclasses import asdict

from pipelines.publishing.publish import PublishResult


def publish_metadata(result: PublishResult) -> dict[str, str | int | bool]:
    """Plain values for an asset materialisation: counts and the snapshot's number."""
    return {
        name: value if isinstance(value, int | bool) else str(value)
        for name, value in asdict(result).items()
        if value is not None
    }
