"""Answers to exercise 6.2, “Answers in any order”."""

# %% right
import json
import uuid

from websockets.sync.client import connect


def ask_all(url, questions):
    asked = {str(uuid.uuid4()): question for question in questions}
    replies = {}
    with connect(url) as ws:
        for id, question in asked.items():
            ws.send(json.dumps({"id": id, "question": question}))
        while len(replies) < len(asked):
            reply = json.loads(ws.recv())
            replies[reply["id"]] = reply
    return [replies[id].get("answer") for id in asked]


# %% wrong
# finding: in the order of the questions
import json

from websockets.asyncio.client import connect


async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
        return [json.loads(await ws.recv()).get("answer") for _ in questions]


# %% wrong
# finding: never came
import json

from websockets.asyncio.client import connect


async def ask_all(url, questions):
    answers = []
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
            answers.append(json.loads(await ws.recv()).get("answer"))
    return answers


# %% wrong
# finding: an id of its own
import json

from websockets.asyncio.client import connect


async def ask_all(url, questions):
    async with connect(url) as ws:
        for question in questions:
            await ws.send(json.dumps({"id": question, "question": question}))
        replies = [json.loads(await ws.recv()) for _ in questions]
    answers = {reply["id"]: reply.get("answer") for reply in replies}
    return [answers[question] for question in questions]


# %% wrong
# finding: it raised KeyError
import json

from websockets.asyncio.client import connect


async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
        answers = {}
        for _ in questions:
            reply = json.loads(await ws.recv())
            answers[reply["id"]] = reply["answer"]
        return [answers[id] for id in range(len(questions))]


# %% wrong
# finding: should return a list
import json

from websockets.asyncio.client import connect


async def ask_all(url, questions):
    async with connect(url) as ws:
        for id, question in enumerate(questions):
            await ws.send(json.dumps({"id": id, "question": question}))
        replies = [json.loads(await ws.recv()) for _ in questions]
        return {reply["id"]: reply.get("answer") for reply in replies}
