"""Answers to exercise 1.4, “Match answers to requests”."""

# %% right
import asyncio
import json
import uuid

from websockets.asyncio.client import connect


async def ask(url, questions):
    async with connect(url) as ws:
        loop = asyncio.get_running_loop()
        waiting = {}

        async def reader():
            async for message in ws:
                message = json.loads(message)
                if message.get("id") in waiting:
                    waiting[message["id"]].set_result(message["answer"])

        task = asyncio.create_task(reader())
        ids = []
        for question in questions:
            ids.append(str(uuid.uuid4()))
            waiting[ids[-1]] = loop.create_future()
            await ws.send(json.dumps({"question": question, "id": ids[-1]}))
        answers = [await waiting[key] for key in ids]
        task.cancel()
        return answers


# %% wrong
# finding: order of the questions
import json

from websockets.sync.client import connect


def ask(url, questions):
    answers = []
    with connect(url) as ws:
        for number, question in enumerate(questions):
            ws.send(json.dumps({"id": number, "question": question}))
        while len(answers) < len(questions):
            message = json.loads(ws.recv(timeout=5))
            if "id" in message:
                answers.append(message["answer"])
    return answers


# %% wrong
# finding: raised KeyError
import json

from websockets.sync.client import connect


def ask(url, questions):
    with connect(url) as ws:
        for number, question in enumerate(questions):
            ws.send(json.dumps({"id": number, "question": question}))
        return [json.loads(ws.recv(timeout=5))["answer"] for _ in questions]


# %% wrong
# finding: did not end
import json

from websockets.sync.client import connect


def ask(url, questions):
    answers = []
    with connect(url) as ws:
        for number, question in enumerate(questions):
            ws.send(json.dumps({"id": number, "question": question}))
            while True:
                message = json.loads(ws.recv())
                if message.get("id") == number:
                    answers.append(message["answer"])
                    break
    return answers


# %% wrong
# finding: id of its own
import json

from websockets.sync.client import connect


def ask(url, questions):
    answers = []
    with connect(url) as ws:
        for question in questions:
            ws.send(json.dumps({"id": 1, "question": question}))
        while len(answers) < len(questions):
            message = json.loads(ws.recv(timeout=5))
            if "id" in message:
                answers.insert(0, message["answer"])
    return answers


# %% wrong
# finding: every request
def ask(url, questions):
    return [question.upper() for question in questions]
