-- name: PersonalHashKey :one
SELECT sealed FROM personal_hash_key;

-- name: AddPersonalHashKey :exec
INSERT INTO personal_hash_key (sealed) VALUES (@sealed) ON CONFLICT DO NOTHING;

-- name: ReplacePersonalHashKey :exec
UPDATE personal_hash_key SET sealed = @sealed;

-- name: LockPersonalRecord :one
SELECT key, purged_at FROM personal_record WHERE record_id = $1 FOR UPDATE;

-- name: AddPersonalRecord :exec
-- Personal data that comes after a purge has a key of its own.
INSERT INTO personal_record (record_id, key) VALUES (@record_id, @key)
ON CONFLICT (record_id) DO UPDATE SET key = excluded.key, made_at = clock_timestamp(), purged_at = NULL, purge_reason = '' WHERE personal_record.purged_at IS NOT NULL;

-- name: PutPersonalPart :exec
INSERT INTO personal_part (record_id, place, fields, sealed) VALUES (@record_id, @place, @fields, @sealed)
ON CONFLICT (record_id, place) DO UPDATE SET fields = excluded.fields, sealed = excluded.sealed;

-- name: DropPersonalPart :exec
DELETE FROM personal_part WHERE record_id = @record_id AND place = @place;

-- name: PersonalPart :one
SELECT r.key, p.sealed FROM personal_part p JOIN personal_record r ON r.record_id = p.record_id WHERE p.record_id = @record_id AND p.place = @place;

-- name: PersonalFacts :one
SELECT r.purged_at, r.purge_reason, coalesce((SELECT p.fields FROM personal_part p JOIN flow_record f ON f.id = p.record_id
       WHERE p.record_id = r.record_id AND p.place = 'content/' || f.content), 0)::int AS fields
FROM personal_record r WHERE r.record_id = $1;

-- name: MentionRecords :exec
INSERT INTO personal_mention (document_id, record_id)
SELECT @document_id, r.id FROM flow_record r WHERE r.connection_id = @connection_id AND r.flow = @flow AND r.key = ANY (@keys::text[])
ON CONFLICT DO NOTHING;

-- name: PersonalToPurge :many
-- Delivered or ignored long enough ago; what is on its way keeps what it needs.
SELECT p.record_id FROM personal_record p JOIN flow_record r ON r.id = p.record_id
WHERE p.purged_at IS NULL AND p.record_id > @after_id
  AND (r.state IN ('delivered', 'exception') AND r.delivered_at < @before::timestamptz OR r.state = 'ignored' AND coalesce(r.delivered_at, r.changed_at) < @before::timestamptz)
ORDER BY p.record_id LIMIT @size;

-- name: DropPersonalParts :exec
DELETE FROM personal_part WHERE record_id = @record_id;

-- name: DestroyPersonalKey :execrows
UPDATE personal_record SET key = NULL, purged_at = clock_timestamp(), purge_reason = @reason WHERE record_id = @record_id AND purged_at IS NULL;

-- name: DocumentsToPurge :many
-- No record that a document tells of has personal data any more; or it tells of
-- none and is old enough.
SELECT k.document_id FROM document_key k JOIN document d ON d.id = k.document_id
WHERE k.purged_at IS NULL AND k.document_id > @after_id
  AND NOT EXISTS (SELECT FROM personal_mention m JOIN personal_record p ON p.record_id = m.record_id WHERE m.document_id = k.document_id AND p.purged_at IS NULL)
  AND (d.created_at < @before::timestamptz OR EXISTS (SELECT FROM personal_mention m JOIN personal_record p ON p.record_id = m.record_id WHERE m.document_id = k.document_id))
ORDER BY k.document_id LIMIT @size;

-- name: DocumentsOfRecord :many
SELECT k.document_id FROM personal_mention m JOIN document_key k ON k.document_id = m.document_id WHERE m.record_id = $1 AND k.purged_at IS NULL ORDER BY 1;

-- name: DestroyDocumentKey :execrows
UPDATE document_key SET key = NULL, purged_at = clock_timestamp(), purge_reason = @reason WHERE document_id = @document_id AND purged_at IS NULL;

-- name: DropDocumentChunks :exec
DELETE FROM document_chunk WHERE document_id = @document_id;

-- name: LogPersonalAccess :one
INSERT INTO personal_access (person_id, record_id, document_id, reason) VALUES (@person_id, @record_id, sqlc.narg(document_id), @reason) RETURNING id;

-- name: ListPersonalAccesses :many
SELECT a.id, a.at, p.name AS person, a.record_id, r.flow, r.key, c.name AS connection_name, a.document_id, a.reason
FROM personal_access a JOIN person p ON p.id = a.person_id JOIN flow_record r ON r.id = a.record_id JOIN connection c ON c.id = r.connection_id
WHERE (@before_id::bigint = 0 OR a.id < @before_id) ORDER BY a.id DESC LIMIT @size;

-- name: PersonalKeys :many
SELECT record_id AS id, key FROM personal_record WHERE purged_at IS NULL AND record_id > @after_id ORDER BY record_id LIMIT @size;

-- name: RewrapPersonalKey :exec
UPDATE personal_record SET key = @key WHERE record_id = @record_id AND key = @was;

-- name: DocumentKeys :many
SELECT document_id AS id, key FROM document_key WHERE purged_at IS NULL AND document_id > @after_id ORDER BY document_id LIMIT @size;

-- name: RewrapDocumentKey :exec
UPDATE document_key SET key = @key WHERE document_id = @document_id AND key = @was;
