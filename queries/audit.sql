-- name: SearchAudit :many
-- Newest first; keyset on seq.
SELECT seq, at, actor, action, object_type, object_id, connection_id, before, after, reason, request_id, hash
FROM audit_event
WHERE (@object_type::text = '' OR object_type = @object_type)
  AND (@object_id::text = '' OR object_id = @object_id)
  AND (@actor::text = '' OR actor ILIKE '%' || @actor || '%')
  AND (@action::text = '' OR action = @action)
  AND (@before_seq::bigint = 0 OR seq < @before_seq)
ORDER BY seq DESC LIMIT @page_size;
