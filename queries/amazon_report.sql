-- name: FoundReport :execrows
-- A report is known once, by Amazon's id; finding it again changes nothing.
INSERT INTO amazon_report (connection_id, report_id, report_type, data_start, data_end, reported_at, document_ref)
VALUES (@connection_id, @report_id, @report_type, @data_start, @data_end, @reported_at, @document_ref)
ON CONFLICT (connection_id, report_id) DO NOTHING;

-- name: GetReport :one
SELECT connection_id, report_id, report_type, data_start, data_end, reported_at, document_ref, state, document_id, error, found_at, updated_at
FROM amazon_report WHERE connection_id = $1 AND report_id = $2;

-- name: SiblingReport :one
-- The same document listed under another marketplace: it is downloaded once.
SELECT document_id FROM amazon_report
WHERE connection_id = $1 AND document_ref = $2 AND document_id IS NOT NULL LIMIT 1;

-- name: SetReport :exec
UPDATE amazon_report SET state = @state, document_id = coalesce(sqlc.narg(document_id), document_id), error = @error, updated_at = now()
WHERE connection_id = @connection_id AND report_id = @report_id;

-- name: ReportsToFetch :many
SELECT report_id FROM amazon_report WHERE connection_id = $1 AND state IN ('found', 'stored') ORDER BY reported_at;

-- name: ListReports :many
SELECT r.connection_id, c.name AS connection_name, r.report_id, r.report_type, r.data_start, r.data_end, r.reported_at, r.state, r.document_id, r.error, r.updated_at
FROM amazon_report r JOIN connection c ON c.id = r.connection_id
WHERE sqlc.narg(connection_id)::bigint IS NULL OR r.connection_id = sqlc.narg(connection_id)
ORDER BY r.reported_at DESC, r.report_id LIMIT 200;

-- name: ReportWatermark :one
SELECT coalesce(max(reported_at), 'epoch')::timestamptz FROM amazon_report WHERE connection_id = $1;
