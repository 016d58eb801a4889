-- SPDX-License-Identifier: MIT
-- A shop's bot that has been at work for three months, as of :now (ms): what
-- the status page shows of it. For sqlite3 -cmd '.parameter set :now ...'.
begin;
create temp table slots(at integer primary key, hour real, n integer);
with recursive s(i) as (select 0 union all select i + 1 from s where i < 287)
insert into slots select :now - :now % 900000 - i * 900000,
	((:now - i * 900000) / 3600000.0 + 3) % 24, i from s;
-- Busy by day, quiet at night; never quite the same.
create temp view busy as select at, n, max(0.04, (1 + sin((hour - 8.5) * 0.2618))
	/ 2 - 0.08 * (hour < 6)) * (0.88 + 0.16 * sin(n * 0.7) + 0.1 * sin(n * 2.3)) as b
	from slots;
insert into counters select 'received', '', at, cast(46 * b as integer) from busy;
insert into counters select 'settled', 'sent', at, cast(71 * b as integer) + 1 from busy;
insert into counters select 'settled', 'dead', at, 1 from busy where n % 61 = 7;
insert into counters select 'people', '', at, cast(6 * b as integer) from busy;
insert into counters select 'reminders', '', at, cast(15 * b as integer) from busy;
insert into counters select 'leads', 'added', at, cast(2.4 * b as integer) from busy;
insert into counters select 'synced', 'created', at, cast(2.4 * b as integer) from busy
	where n not between 3 and 9;
insert into counters select 'slowest_ms', '', at, cast(180 + 700 * b * b
	+ iif(n between 40 and 42, 9000 + n * 50, 0) as integer) from busy;
insert into counters select name, label, 0, sum(value) * 29 from counters
	group by name, label on conflict do nothing;
insert into counters values ('updates', '', 0, 118243), ('retries', '', 0, 311),
	('delay', '100', 0, 81044), ('delay', '250', 0, 60511),
	('delay', '500', 0, 9120), ('delay', '1000', 0, 801),
	('delay', '15000', 0, 77), ('delay_ms', '', 0, 19800411),
	('lateness', '100', 0, 30211), ('lateness', '250', 0, 11044),
	('lateness_ms', '', 0, 3900144), ('states', 'welcome', 0, 9120),
	('states', 'paid', 0, 1244), ('runs', 'poll-updates', 0, 129600),
	('runs', 'send-due', 0, 129590), ('crashes', 'send-due', 0, 2);
insert or replace into samples select at, cast(3 * b as integer) + iif(n between 40 and 42, 24, 0),
	iif(n between 40 and 42, 9000, 0), iif(n between 3 and 9, 10 - n, 0)
	+ cast(1.3 * b as integer), 0 from busy where n not between 60 and 61;
with recursive d(i) as (select 0 union all select i + 1 from d where i < 89)
insert or replace into days select (:now + 10800000) / 86400000 - i,
	iif(i = 0, (:now + 10800000) % 86400000, 86400000)
	- iif(i in (23, 61), 2700000, 0) - iif(i in (5, 24, 47, 62), 1500000, 0),
	iif(i in (5, 24, 47, 62), 1500000, 0), iif(i in (23, 61), 2700000, 0)
	from d where i not between 70 and 72 and i < 84;
insert into incidents(key, state, began_at, seen_at, ended_at, text) values
	('queue/due_lag', 2, :now - 37300000, :now, :now - 34500000,
	 'the oldest due waits 9 s'),
	('crm/circuit:amocrm', 2, :now - 5 * 86400000, :now, :now - 5 * 86400000 + 1500000,
	 'amocrm is not called for 2 min more: HTTP 502'),
	('telegram/poll_age', 3, :now - 23 * 86400000, :now, :now - 23 * 86400000 + 2700000,
	 'Telegram answered 12 min ago'),
	('machine/disk_free', 2, :now - 47 * 86400000, :now, :now - 47 * 86400000 + 1500000,
	 '180 MiB of disk are free');
delete from runs;
insert into runs(command, worker, started_at, finished_at, exit_code, max_rss_kb) values
	('backup-state', 1, :now - 31000000, :now - 30998100, 0, 8100),
	('check-config', 1, :now - 28000000, :now - 27999000, 0, 9100),
	('poll-updates', 1, :now - 62000, :now - 1400, 0, 13900),
	('prune-state', 1, :now - 33000000, :now - 32999000, 0, 8100),
	('recover-pending', 1, :now - 122000, :now - 121900, 0, 7100),
	('send-due', 1, :now - 61000, :now - 60600, 0, 11900),
	('sync-crm', 1, :now - 62000, :now - 1900, 75, 12700);
insert or replace into meta values ('poll_at', :now - 3000),
	('seen_at', :now - 60000), ('seen_state', 0);
with recursive p(i) as (select 1 union all select i + 1 from p where i < 1460)
insert into arrivals select 100000 + i, s.state, '', 1,
	:now - (i % 29) * 86400000 - 3600000 + s.ms * (1 + i % 5),
	:now - (i % 29) * 86400000 - 3600000 + s.ms * (1 + i % 5)
	from p, (select 'welcome' as state, 0 as ms, 1 as part
	 union all select 'awaiting_payment', 41000, 2 union all select 'paid', 512000, 7) s
	where i % s.part = 0;
with recursive p(i) as (select 1 union all select i + 1 from p where i < 212)
insert into tasks(due_at, id, kind, priority, chat_id, name, expire_at, created_at, method, params)
	select :now + i * 600000, 500000 + i, 'send', 6, 100000 + i, null,
	:now + 864000000, :now, 'sendMessage', '{"text":"hello"}' from p;
with recursive l(i) as (select 1 union all select i + 1 from l where i < 60)
insert into leads(key, state, crm, errand, created_at, settled_at) select 'k' || i,
	'created', 'amocrm', null, :now - i * 3600000, :now - i * 3600000 + 900 from l;
insert into leads(key, state, crm, errand, created_at, settled_at, tries, reason)
	values ('k61', 'queued', 'amocrm', 'create', :now - 240000, :now - 60000, 2,
	'HTTP 502'), ('k62', 'queued', 'amocrm', 'create', :now - 130000, null, 0, null);
commit;
