import express from 'express'

const app = express()
// docs/trust.md: Express, js
app.get('/', (request, response) => response.send('accepted'))
app.use((error, request, response, next) => response.sendStatus(error.status ?? 500))
app.listen(process.env.PORT, 'localhost')
