{{ newest_counted(ref('stg_ioffice__document'), ref('int_document__touched'), ['document_id']) }}

select * from newest
