CREATE TABLE IF NOT EXISTS user (
    id INTEGER PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    full_name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('clerk', 'manager', 'auditor')),
    password_hash TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS customer (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    contact_name TEXT NOT NULL,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    city TEXT NOT NULL,
    country TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS product (
    id INTEGER PRIMARY KEY,
    sku TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    price_cents INTEGER NOT NULL CHECK (price_cents >= 0)
);

-- "order" is a word of SQL's own.
CREATE TABLE IF NOT EXISTS sales_order (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    created_by INTEGER NOT NULL REFERENCES user (id),
    ordered_on TEXT NOT NULL,
    status TEXT NOT NULL
        CHECK (status IN ('draft', 'confirmed', 'shipped', 'invoiced', 'cancelled')),
    note TEXT NOT NULL DEFAULT ''
);

CREATE INDEX IF NOT EXISTS sales_order_by_customer ON sales_order (customer_id);

-- The price is copied: a later change of the product leaves old orders as they were.
CREATE TABLE IF NOT EXISTS order_line (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES sales_order (id),
    product_id INTEGER NOT NULL REFERENCES product (id),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    price_cents INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS order_line_by_order ON order_line (order_id);

CREATE VIEW IF NOT EXISTS order_summary AS
SELECT
    sales_order.id,
    sales_order.customer_id,
    customer.name AS customer_name,
    sales_order.ordered_on,
    sales_order.status,
    sales_order.note,
    user.full_name AS created_by_name,
    COALESCE(SUM(order_line.quantity * order_line.price_cents), 0) AS total_cents
FROM sales_order
JOIN customer ON customer.id = sales_order.customer_id
JOIN user ON user.id = sales_order.created_by
LEFT JOIN order_line ON order_line.order_id = sales_order.id
GROUP BY sales_order.id;

CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY,
    sender_id INTEGER NOT NULL REFERENCES user (id),
    recipient_id INTEGER NOT NULL REFERENCES user (id),
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    sent_at TEXT NOT NULL,
    read_at TEXT
);

CREATE INDEX IF NOT EXISTS message_by_recipient ON message (recipient_id, read_at);

-- Who did what, and when. No user: a sign-in that failed.
CREATE TABLE IF NOT EXISTS activity (
    id INTEGER PRIMARY KEY,
    user_id INTEGER REFERENCES user (id),
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    happened_at TEXT NOT NULL
);

CREATE INDEX IF NOT EXISTS activity_by_time ON activity (happened_at);

-- What people ask about their own data; whoever asks need not be a user.
CREATE TABLE IF NOT EXISTS data_request (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL
        CHECK (kind IN ('access', 'correction', 'erasure', 'restriction', 'objection')),
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    details TEXT NOT NULL,
    received_at TEXT NOT NULL,
    answered_at TEXT,
    answered_by INTEGER REFERENCES user (id)
);
