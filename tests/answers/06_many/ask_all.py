"""Answers to exercise 6.2, “Answers in any order”."""

import asyncio
import json
import uuid

from websockets.asyncio.client import connect
from websockets.sync.client import connect as connect_sync


# %% right: a dictionary by id
async def ask_all(url, questions):
    async with connect(url) as ws:
        ids = [str(uuid.uuid4()) for _ in questions]
        for id, question in zip(ids, questions, strict=True):
            await ws.send(json.dumps({"question": question, "id": id}))
        replies = {}
        while len(replies) < len(questions):
            reply = json.loads(await ws.recv())
            replies[reply["id"]] = reply.get("answer")
        return [replies[id] for id in ids]


# %% right: a future for each question
async def ask_all(url, questions):
    async with connect(url) as ws:
        loop = asyncio.get_running_loop()
        waiting = {number: loop.create_future() for number in range(len(questions))}

        async def read():
            async for message in ws:
                reply = json.loads(message)
                waiting[reply["id"]].set_result(None if "error" in reply else reply["answer"])

        reader = asyncio.create_task(read())
        for number, question in enumerate(questions):
            await ws.send(json.dumps({"id": number, "question": question}))
        answers = list(await asyncio.gather(*waiting.values()))
        reader.cancel()
        return answers


# %% right: blocking, with match
def ask_all(url, questions):
    answers = [None] * len(questions)
    with connect_sync(url) as ws:
        for number, question in enumerate(questions):
            ws.send(json.dumps({"id": number, "question": question}))
        for _ in questions:
            match json.loads(ws.recv(timeout=5)):
                case {"id": number, "answer": answer}:
                    answers[number] = answer
                case {"id": number, "error": _}:
                    answers[number] = None
    return answers


# %% right: a class
class Caller:
    def __init__(self, ws):
        self.ws = ws
        self.answers = {}

    async def send(self, id, question):
        await self.ws.send(json.dumps({"id": id, "question": question}))

    async def receive(self):
        match json.loads(await self.ws.recv()):
            case {"id": id, "answer": answer}:
                self.answers[id] = answer
            case {"id": id}:
                self.answers[id] = None


async def ask_all(url, questions):
    async with connect(url) as ws:
        caller = Caller(ws)
        for id, question in enumerate(questions):
            await caller.send(id, question)
        for _ in questions:
            await caller.receive()
        return [caller.answers[id] for id in range(len(questions))]


# %% wrong: one question at a time
# breaks: before it waits for an answer
async def ask_all(url, questions):
    answers = []
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
            answers.append(json.loads(await ws.recv()).get("answer"))
    return answers


# %% wrong: in the order in which the answers come
# breaks: the list of the answers in the order of the questions
async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
        return [json.loads(await ws.recv()).get("answer") for _ in questions]


# %% wrong: sorted by answer
# breaks: the list of the answers in the order of the questions
async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
        replies = [json.loads(await ws.recv()) for _ in questions]
        replies.sort(key=lambda reply: str(reply["id"]))
        answers = [reply.get("answer") for reply in replies]
        return answers if len(answers) < 4 else answers[::-1]


# %% wrong: an empty answer is taken for none
# breaks: the list of the answers in the order of the questions
async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
        answers = [None] * len(questions)
        for _ in questions:
            reply = json.loads(await ws.recv())
            answers[reply["id"]] = reply.get("answer") or None
        return answers


# %% wrong: a dictionary
# breaks first: the list of the answers in the order of the questions
async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
        answers = {}
        for _ in questions:
            reply = json.loads(await ws.recv())
            answers[reply["id"]] = reply.get("answer")
        return answers


# %% wrong: no questions, and it waits for an answer
# breaks: the list of the answers in the order of the questions
# finding: did not end
async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
        answers = {}
        while True:
            reply = json.loads(await ws.recv())
            answers[reply["id"]] = reply.get("answer")
            if len(answers) == len(questions):
                return [answers[id] for id in range(len(questions))]


# %% wrong: an error is left out
# breaks: with `None` where an error came
async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
        answers = {}
        for _ in questions:
            reply = json.loads(await ws.recv())
            if "answer" in reply:
                answers[reply["id"]] = reply["answer"]
        return [answers[id] for id in sorted(answers)]


# %% wrong: an error ends it
# breaks: with `None` where an error came
# finding: KeyError
async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
        answers = [None] * len(questions)
        for _ in questions:
            reply = json.loads(await ws.recv())
            answers[reply["id"]] = reply["answer"]
        return answers


# %% wrong: the words of the error
# breaks: with `None` where an error came
async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
        answers = [None] * len(questions)
        for _ in questions:
            reply = json.loads(await ws.recv())
            answers[reply["id"]] = reply["answer"] if "answer" in reply else reply["error"]
        return answers


# %% wrong: equal questions are asked once
# breaks: each as `{"id": …, "question": …}`
# finding: asked once
async def ask_all(url, questions):
    asked = list(dict.fromkeys(questions))
    async with connect(url) as ws:
        for id, question in enumerate(asked):
            await ws.send(json.dumps({"id": id, "question": question}))
        answers = {}
        for _ in asked:
            reply = json.loads(await ws.recv())
            answers[asked[reply["id"]]] = reply.get("answer")
    return [answers[question] for question in questions]


# %% wrong: another field
# breaks: each as `{"id": …, "question": …}`
async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question, "type": "ask"}))
        replies = [json.loads(await ws.recv()) for _ in questions]
    return [reply.get("answer") for reply in sorted(replies, key=lambda reply: reply["id"])]


# %% wrong: sorted by ids that are texts
# breaks: the list of the answers in the order of the questions
# finding: another order
async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": str(id), "question": question}))
        replies = [json.loads(await ws.recv()) for _ in questions]
    return [reply.get("answer") for reply in sorted(replies, key=lambda reply: reply["id"])]


# %% wrong: a connection for each question
# breaks: over one connection
async def ask_all(url, questions):
    async def ask(id, question):
        async with connect(url) as ws:
            await ws.send(json.dumps({"id": id, "question": question}))
            return json.loads(await ws.recv()).get("answer")

    return await asyncio.gather(*(ask(id, question) for id, question in enumerate(questions)))


# %% wrong: the question is its id
# breaks: with an id of its own
async def ask_all(url, questions):
    async with connect(url) as ws:
        for question in questions:
            await ws.send(json.dumps({"id": question, "question": question}))
        answers = {}
        for _ in questions:
            reply = json.loads(await ws.recv())
            answers[reply["id"]] = reply.get("answer")
        return [answers[question] for question in questions]


# %% wrong: ids that begin again
# breaks: with an id of its own
async def ask_all(url, questions):
    async with connect(url) as ws:
        for number, question in enumerate(questions):
            await ws.send(json.dumps({"id": number % 256, "question": question}))
        answers = [None] * len(questions)
        for _ in questions:
            reply = json.loads(await ws.recv())
            answers[reply["id"]] = reply.get("answer")
        return answers


# %% wrong: no id
# breaks first: each as `{"id": …, "question": …}`
async def ask_all(url, questions):
    async with connect(url) as ws:
        for question in questions:
            await ws.send(json.dumps({"question": question}))
        return [json.loads(await ws.recv()).get("answer") for _ in questions]


# %% wrong: all in one message
# breaks first: each as `{"id": …, "question": …}`
async def ask_all(url, questions):
    async with connect(url) as ws:
        requests = [{"id": id, "question": question} for id, question in enumerate(questions)]
        await ws.send(json.dumps(requests))
        return [json.loads(await ws.recv()).get("answer") for _ in questions]


# %% wrong: an f-string instead of json.dumps
# breaks first: each as `{"id": …, "question": …}`
async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(f'{{"id": {id}, "question": "{question}"}}')
        answers = [None] * len(questions)
        for _ in questions:
            reply = json.loads(await ws.recv())
            answers[reply["id"]] = reply.get("answer")
        return answers


# %% wrong: the question goes out in capitals
# breaks: each as `{"id": …, "question": …}`
async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question.upper()}))
        answers = [None] * len(questions)
        for _ in questions:
            reply = json.loads(await ws.recv())
            answers[reply["id"]] = reply.get("answer")
        return answers
