{{ newest_snapshot(ref('stg_mail__account'), ref('int_mail__touched'), 'mail.accounts', ['stg.mailbox_hash']) }}

select * from newest
