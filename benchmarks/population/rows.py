"""The columns that are filled, in the order of the tuples; all others have their defaults."""

from typing import Any

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# A table stands behind those that it refers to, as far as that can be.
COLUMNS: dict[str, tuple[str, ...]] = {
    "company": _names("id slug name settings created_at"),
    "company_clock": _names("company_id change_seq next_id directory_version"),
    "company_address": _names("address company_id"),
    "app_user": _names("company_id id external_id name default_sharing active"),
    "user_address": _names("company_id address user_id kind confirmed_at"),
    "organisation": _names("company_id id external_id name"),
    "organisation_domain": _names("company_id domain organisation_id"),
    "contact": _names(
        "company_id id external_id name owner_id organisation_id origin to_check archived last_activity_at"
        " created_at delivery_id created_by"
    ),
    "contact_address": _names("company_id address contact_id is_primary"),
    "deal": _names("company_id id external_id title status owner_id organisation_id updated_at"),
    "deal_contact": _names("company_id contact_id deal_id"),
    "conversation": _names("company_id id merged_into created_at"),
    "conversation_token": _names("company_id token scope conversation_id"),
    "message": _names(
        "company_id id conversation_id id_key identity_key msgid in_reply_to subject base_subject direction"
        " sent_at received_at sort_at from_address from_name snippet body_text new_text auto_kind provenance"
        " attachment_count size content_digest shared linked msgid_reused refs parties weak_key change_seq"
    ),
    "message_copy": _names(
        "company_id id message_id owner_id delivery_id source sharing comment_text raw_sha256 created_at"
    ),
    "message_user_state": _names("company_id user_id message_id seen_at"),
    "participant": _names("company_id message_id role pos copy_id address name verdict contact_id user_id"),
    "attachment": _names(
        "company_id message_id part filename media_type disposition content_id size sha256 raw_sha256"
        " body_start body_end encoding"
    ),
    "link": _names(
        "company_id id conversation_id message_id contact_id organisation_id deal_id state origin rule score"
        " created_at actor_id decided_at reason"
    ),
    "delivery": _names(
        "company_id id state reason user_id message_id copy_id mail_from peer_ip helo protocol evidence"
        " raw_sha256 size attempts received_at updated_at"
    ),
    "delivery_recipient": _names("company_id delivery_id address tag argument"),
    "decision": _names("company_id delivery_id steps decided_at"),
    "outbox": _names("company_id id user_id reason delivery_id message_id state created_at due_at sent_at"),
    "change": _names("company_id seq at kind audience_id conversation_id message_id actor_id entity_id"),
}


def no_rows() -> Rows:
    """Return an empty list for each table."""
    return {table: [] for table in COLUMNS}
