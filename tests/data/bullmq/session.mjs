// SPDX-License-Identifier: MIT
// What producers and workers of BullMQ do, for 531-bullmq.t:
// node session.mjs DIRECTORY PORT reads lines of VERB, QUEUE and arguments,
// with tabs between them; each answer ends with a line of one dot.
import { createRequire } from 'module'
import { createInterface } from 'readline'

const [dir, port] = process.argv.slice(2)
const { Queue, Worker } = createRequire(dir + '/x.js')('bullmq')
const connection = {
	host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null
}
const queues = {}, workers = {}, did = {}
const sleep = (ms) => new Promise((done) => setTimeout(done, ms))

async function open(name) {
	queues[name] ??= new Queue(name, { connection })
	await queues[name].waitUntilReady()
	return queues[name]
}

// Until CHECK says yes, for 10 s at most.
async function until(check) {
	for (let i = 0; i < 500 && !await check(); i++) await sleep(20)
}

const verbs = {
	// OPTIONS DATA...: the ids
	async add(name, options, ...data) {
		const jobs = await queues[name].addBulk(data.map((text) => ({
			name: 'lead', data: JSON.parse(text),
			opts: JSON.parse(options)
		})))
		return jobs.map((job) => job.id).join(' ')
	},
	// N FROM: leads of as many people
	async many(name, n, from = '0') {
		await queues[name].addBulk(
			Array.from({ length: Number(n) }, (_, i) => ({
				name: 'lead', data: {
					name: 'N' + (i + Number(from)),
					phone: String(89990000000 + i +
						Number(from))
				}
			})))
	},
	// ID...: state, attempts, who, and reason or value of each
	async show(name, ...ids) {
		const jobs = await Promise.all(ids.map(async (id) => {
			const job = await queues[name].getJob(id)
			return !job ? 'gone' : [await job.getState(),
				job.attemptsMade, job.processedBy ?? '-',
				job.failedReason ?? JSON.stringify(job.returnvalue)
			].join(' ')
		}))
		return jobs.join('\n')
	},
	async counts(name) {
		const n = await queues[name].getJobCounts()
		return `${n.waiting + (n.paused ?? 0)} ${n.active} ` +
			`${n.delayed} ${n.completed} ${n.failed}`
	},
	async pause(name) { await queues[name].pause() },
	async resume(name) { await queues[name].resume() },
	async retry(name, id) { await (await queues[name].getJob(id)).retry() },
	// OPTIONS: a worker begins
	async work(name, options) {
		did[name] = []
		workers[name] = new Worker(name, async (job) => {
			did[name].push(job)
			await sleep(1)
		}, { connection, ...JSON.parse(options ?? '{}') })
		workers[name].on('error', () => {})
		await workers[name].waitUntilReady()
	},
	// N: it ends once it has done so many; what it did
	async finish(name, n) {
		await until(() => did[name].length >= Number(n))
		await workers[name].close()
		return did[name].map((job) => job.name + ' ' +
			JSON.stringify(job.data)).join('\n')
	},
	// It ends once nothing is left; the people
	async drained(name) {
		await until(async () => {
			const n = await queues[name].getJobCounts('wait', 'active')
			return n.wait + n.active === 0
		})
		await workers[name].close()
		return did[name].map((job) => job.data.name).join('\n')
	}
}

for await (const line of createInterface({ input: process.stdin })) {
	const [verb, name, ...args] = line.split('\t')
	await open(name)
	const said = await verbs[verb](name, ...args)
	process.stdout.write((said ? said + '\n' : '') + '.\n')
}
process.exit(0)
