"""Answers to exercise 1.4, “Match answers to requests”."""

import asyncio
import itertools
import json
import uuid

from websockets.asyncio.client import connect as connect_async
from websockets.sync.client import connect


def send_all(ws, questions):
    for number, question in enumerate(questions):
        ws.send(json.dumps({"id": number, "question": question}))


# %% right: async, with a future for each answer
async def ask(url, questions):
    async with connect_async(url) as ws:
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


# %% right: match, and a list to fill
def ask(url, questions):
    answers = [None] * len(questions)
    missing = len(questions)
    with connect(url) as ws:
        send_all(ws, questions)
        while missing:
            match json.loads(ws.recv(timeout=5)):
                case {"id": number, "answer": answer}:
                    answers[number] = answer
                    missing -= 1
    return tuple(answers)


# %% right: a class
class Client:
    def __init__(self, ws):
        self.ws = ws
        self.ids = itertools.count(1)

    def send(self, question):
        id = f"q{next(self.ids)}"
        self.ws.send(json.dumps({"id": id, "question": question}))
        return id

    def receive(self, ids):
        found = {}
        while ids - found.keys():
            reply = json.loads(self.ws.recv())
            if "push" not in reply:
                found[reply["id"]] = reply["answer"]
        return found


def ask(url, questions):
    with connect(url) as ws:
        client = Client(ws)
        ids = [client.send(question) for question in questions]
        found = client.receive(set(ids))
        return [found[id] for id in ids]


# %% wrong: the bare question
# breaks first: sends each question as `{"id": …, "question": …}`
def ask(url, questions):
    with connect(url) as ws:
        for question in questions:
            ws.send(question)
        return [ws.recv(timeout=0.5) for _ in questions]


# %% wrong: no id
# breaks first: sends each question as `{"id": …, "question": …}`
def ask(url, questions):
    with connect(url) as ws:
        for question in questions:
            ws.send(json.dumps({"question": question}))
        return [json.loads(ws.recv(timeout=0.5))["answer"] for _ in questions]


# %% wrong: bytes
# breaks: sends each question as `{"id": …, "question": …}`
# finding: binary message
def ask(url, questions):
    answers = {}
    with connect(url) as ws:
        for number, question in enumerate(questions):
            ws.send(json.dumps({"id": number, "question": question}).encode())
        while len(answers) < len(questions):
            message = json.loads(ws.recv(timeout=5))
            if "id" in message:
                answers[message["id"]] = message["answer"]
    return [answers[number] for number in range(len(questions))]


# %% wrong: nothing is asked
# breaks first: sends each question as `{"id": …, "question": …}`
def ask(url, questions):
    return [question.upper() for question in questions]


# %% wrong: a question that is empty is not asked
# breaks first: sends each question as `{"id": …, "question": …}`
def ask(url, questions):
    answers = {}
    asked = [question for question in questions if question]
    with connect(url) as ws:
        send_all(ws, asked)
        while len(answers) < len(asked):
            message = json.loads(ws.recv(timeout=5))
            if "id" in message:
                answers[message["id"]] = message["answer"]
    return [answers[number] for number in range(len(asked))]


# %% wrong: 10 comes before 2
# breaks: returns the answers in the order of the questions
def ask(url, questions):
    answers = {}
    with connect(url) as ws:
        for number, question in enumerate(questions):
            ws.send(json.dumps({"id": str(number), "question": question}))
        while len(answers) < len(questions):
            message = json.loads(ws.recv(timeout=5))
            if "id" in message:
                answers[message["id"]] = message["answer"]
    return [answers[id] for id in sorted(answers)]


# %% wrong: the same id for all
# breaks first: an id of its own
def ask(url, questions):
    answers = []
    with connect(url) as ws:
        for question in questions:
            ws.send(json.dumps({"id": 1, "question": question}))
        while len(answers) < len(questions):
            message = json.loads(ws.recv(timeout=5))
            if "id" in message:
                answers.append(message["answer"])
    return answers


# %% wrong: the question is its id
# breaks: an id of its own
def ask(url, questions):
    answers = {}
    with connect(url) as ws:
        for question in questions:
            ws.send(json.dumps({"id": question, "question": question}))
        while len(answers) < len(set(questions)):
            message = json.loads(ws.recv(timeout=5))
            if "id" in message:
                answers[message["id"]] = message["answer"]
    return [answers[question] for question in questions]


# %% wrong: one after the other
# breaks: all of them before the first answer
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


# %% wrong: in the order in which they come
# breaks: returns the answers in the order of the questions
# finding: in another order
def ask(url, questions):
    answers = []
    with connect(url) as ws:
        send_all(ws, questions)
        while len(answers) < len(questions):
            message = json.loads(ws.recv(timeout=5))
            if "id" in message:
                answers.append(message["answer"])
    return answers


# %% wrong: reversed
# breaks: returns the answers in the order of the questions
# finding: in another order
def ask(url, questions):
    answers = []
    with connect(url) as ws:
        send_all(ws, questions)
        while len(answers) < len(questions):
            message = json.loads(ws.recv(timeout=5))
            if "id" in message:
                answers.insert(0, message["answer"])
    return answers


# %% wrong: sorted
# breaks: returns the answers in the order of the questions
def ask(url, questions):
    answers = []
    with connect(url) as ws:
        send_all(ws, questions)
        while len(answers) < len(questions):
            message = json.loads(ws.recv(timeout=5))
            if "id" in message:
                answers.append(message["answer"])
    return sorted(answers)


# %% wrong: a dict
# breaks: returns the answers in the order of the questions
# finding: no list
def ask(url, questions):
    answers = {}
    with connect(url) as ws:
        send_all(ws, questions)
        while len(answers) < len(questions):
            message = json.loads(ws.recv(timeout=5))
            if "id" in message:
                answers[message["id"]] = message["answer"]
    return answers


# %% wrong: whole messages
# breaks: returns the answers in the order of the questions
def ask(url, questions):
    answers = {}
    with connect(url) as ws:
        send_all(ws, questions)
        while len(answers) < len(questions):
            message = json.loads(ws.recv(timeout=5))
            if "id" in message:
                answers[message["id"]] = message
    return [answers[number] for number in range(len(questions))]


# %% wrong: a push is taken for an answer
# breaks: sends pushes such as `{"push": "news"}` in between
# finding: no key 'answer'
def ask(url, questions):
    answers = {}
    with connect(url) as ws:
        send_all(ws, questions)
        for _ in questions:
            message = json.loads(ws.recv(timeout=5))
            answers[message["id"]] = message["answer"]
    return [answers[number] for number in range(len(questions))]


# %% wrong: a push has its place in the list
# breaks: sends pushes such as `{"push": "news"}` in between
# finding: was taken for an answer
def ask(url, questions):
    answers = {}
    with connect(url) as ws:
        send_all(ws, questions)
        for _ in questions:
            message = json.loads(ws.recv(timeout=5))
            answers[message.get("id")] = message.get("answer")
    return [answers.get(number) for number in range(len(questions))]
