"""Opening the drop zone that a profile names.

Belongs here: which class serves which kind. Does not belong here: any protocol.
"""

from pipelines.contracts.delivery import (
    DeliveryProfile,
    FolderDelivery,
    S3Delivery,
    SftpDelivery,
)
from pipelines.delivery.folder import Folder
from pipelines.delivery.s3 import S3
from pipelines.delivery.sftp import Sftp
from pipelines.delivery.zone import OpenZone


def open_zone(profile: DeliveryProfile) -> OpenZone | None:
    """The drop zone, to be used in a ``with``; None for the inbox itself."""
    if isinstance(profile, FolderDelivery):
        return Folder(profile)
    if isinstance(profile, SftpDelivery):
        return Sftp(profile)
    if isinstance(profile, S3Delivery):
        return S3(profile)
    return None
