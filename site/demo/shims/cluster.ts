const cluster = { isWorker: false };
export default cluster;
